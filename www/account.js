// Logging in and out.
import { category } from './catalogue.js';
import { post } from './http.js';
import { personalise, refresh, visit } from './personal.js';
import * as session from './session.js';

const logInButton = document.querySelector('#log-in');
const logOutButton = document.querySelector('#log-out');
const dialog = document.querySelector('#login');

export const isLoggedIn = () => session.userName() !== undefined;

const showSession = () => {
  logInButton.hidden = isLoggedIn();
  logOutButton.hidden = !isLoggedIn();
};

const logIn = async (user) => {
  const { userId, traits, token } = await post('/api/login', { user });
  session.begin(user);
  showSession();
  personalise();
  window.datafly?.identify(userId, traits, { token });
  await refresh();
};

/** Also makes a stranger of a visitor who was known without logging in. */
export const logOut = async () => {
  session.end();
  showSession();
  window.datafly?.reset();
  personalise();
  // Whoever comes next looks at this very page, and is somebody new.
  visit(category());
  await refresh();
};

logInButton.addEventListener('click', () => {
  // Escape leaves the value of the last time.
  dialog.returnValue = '';
  dialog.showModal();
});

dialog.addEventListener('close', () => {
  if (!dialog.returnValue) return;
  logIn(dialog.returnValue).catch(() => {
    document.querySelector('#greeting').textContent = 'Log-in failed';
  });
});

logOutButton.addEventListener('click', logOut);
addEventListener('datafly:profile', showSession);

showSession();
