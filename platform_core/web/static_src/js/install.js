// The service worker keeps the shell, so that an installed Baton opens without a network. Browsers have it over https
// and on the machine itself only.
(() => {
  if (!navigator.serviceWorker || !document.querySelector('meta[name="live-url"]')) return;
  addEventListener('load', () => navigator.serviceWorker.register('/sw.js').catch(() => {}));
})();
