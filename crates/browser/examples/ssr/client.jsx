import { hydrateRoot } from 'react-dom/client';
import { App } from './App.jsx';

// `useProfile` finds what the server has written by itself, and the SDK as `window.datafly`.
hydrateRoot(document.getElementById('root'), <App />);
