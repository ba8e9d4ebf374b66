// A strip of tabs that is wider than the screen shows the chosen one, not its beginning.
(() => {
  const show = () => {
    for (const tab of document.querySelectorAll('.tabs [aria-current]')) {
      const strip = tab.closest('.tabs');
      strip.scrollLeft = tab.offsetLeft - strip.offsetLeft - (strip.clientWidth - tab.offsetWidth) / 2;
    }
  };
  document.addEventListener('htmx:after:swap', show);
  show();
})();
