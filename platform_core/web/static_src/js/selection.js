// Selecting rows: [data-all] in the head, the number in [data-count-text="{n} selected"], [data-clear] undoes it. The bar
// itself is shown by the style sheet.
(() => {
  const boxes = () => [...document.querySelectorAll('.grid tbody .ck input')];
  const refresh = () => {
    const all = boxes();
    const n = all.filter((box) => box.checked).length;
    for (const el of document.querySelectorAll('[data-count-text]')) {
      el.textContent = el.dataset.countText.replace('{n}', n);
    }
    const head = document.querySelector('.grid [data-all]');
    if (!head) return;
    head.checked = n > 0 && n === all.length;
    head.indeterminate = n > 0 && n < all.length;
  };
  const set = (checked) => {
    for (const box of boxes()) box.checked = checked;
    // "All that meet the conditions" goes with the selection: it must not come back unseen with the next one.
    for (const box of document.querySelectorAll('.bulk [name=whole]')) box.checked &&= checked;
    refresh();
  };
  document.addEventListener('change', ({ target }) => {
    if (target.matches('.grid [data-all]')) set(target.checked);
    else if (target.closest('.grid .ck')) refresh();
  });
  document.addEventListener('click', ({ target }) => {
    if (target.closest('[data-clear]')) set(false);
  });
  document.addEventListener('htmx:after:swap', refresh);
  refresh();
})();
