// The palette: type, arrow keys, Enter. Enter opens the first result of what is in the box, never of an earlier word.
(() => {
  const palette = document.getElementById('palette');
  if (!palette) return;
  const input = palette.querySelector('input[name=q]');
  const results = palette.querySelector('#palette-results');
  const links = () => [...results.querySelectorAll('a[href]')];
  let stale = false;
  let opening = false;

  input.addEventListener('input', () => { stale = Boolean(input.value.trim()); opening = false; });
  document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
    if (ctx.target !== results) return;
    stale = false;
    if (opening) links()[0]?.click();
    opening = false;
  });
  palette.addEventListener('submit', (e) => {
    e.preventDefault();
    if (stale) opening = true;
    else links()[0]?.click();
  });
  palette.addEventListener('keydown', (e) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step) {
      e.preventDefault();
      const stops = [input, ...links()];
      stops[(stops.indexOf(document.activeElement) + step + stops.length) % stops.length].focus();
    } else if (e.key === 'Escape') {
      // In a search field the first Escape would only empty it.
      e.preventDefault();
      palette.close();
    } else if (e.key.length === 1 && !e.ctrlKey && !e.metaKey && e.target !== input) input.focus();
  });
  palette.addEventListener('c:open', () => input.select());
  // Names do not stay behind a closed dialog.
  palette.addEventListener('close', () => {
    input.value = '';
    results.replaceChildren();
  });
})();
