// Who is logged in, as the shop itself knows it: a cookie that stands for a real shop's session.

const people = new Map(
  [...document.querySelectorAll('#login .person')].map((button) => [
    button.value,
    button.querySelector('b').textContent,
  ]),
);

/** The name of whoever is logged in. */
export const userName = () => people.get(document.cookie.match(/(?:^|; )shop_user=([a-z]+)/)?.[1]);

export const begin = (user) => {
  document.cookie = `shop_user=${user}; path=/; SameSite=Lax`;
};

export const end = () => {
  document.cookie = 'shop_user=; path=/; Max-Age=0; SameSite=Lax';
};
