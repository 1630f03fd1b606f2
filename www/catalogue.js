// The products: which are shown, and the bag.

const section = document.querySelector('#products');
const heading = document.querySelector('#products-title');
const count = document.querySelector('#products-count');
const products = [...document.querySelectorAll('.product')];
const links = new Map(
  [...document.querySelectorAll('.categories a')].map((link) => [link.hash.slice(1), link]),
);

let shown;

/** The category that is shown. */
export const category = () => shown;

/** Shows the category that the address names. False if that changes nothing, as for the skip link. */
export const followAddress = () => {
  const asked = location.hash.slice(1) || 'all';
  if (asked === shown || (shown && !links.has(asked))) return false;
  shown = links.has(asked) ? asked : 'all';
  for (const [name, link] of links) {
    if (name === shown) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  for (const product of products) product.hidden = !belongs(product, shown);
  const number = products.filter((product) => !product.hidden).length;
  heading.textContent = shown === 'all' ? 'Everything' : links.get(shown).textContent;
  count.textContent = `${number} products`;
  return true;
};

const belongs = ({ dataset }, name) =>
  name === 'all' || dataset.category === name || (name === 'sale' && 'sale' in dataset);

/** Brings the products into view. */
export const showProducts = () => section.scrollIntoView();

/** Calls back with each product that is put into the bag. */
export const onAdded = (callback) => {
  const bag = document.querySelector('#bag-count');
  for (const product of products) {
    const button = product.querySelector('.add');
    button.addEventListener('click', () => {
      bag.textContent = Number(bag.textContent) + 1;
      callback({
        name: product.querySelector('h3').textContent,
        category: product.dataset.category,
        price: Number(button.dataset.price),
        currency: 'EUR',
        quantity: 1,
      });
    });
  }
};
