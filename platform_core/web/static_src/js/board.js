// Boards: a card [data-move] that is dropped on another column asks its address for what can be done there; the answer
// opens as a dialog. The same dialog is behind the card's own link, for keyboards and fingers.
(() => {
  let card;
  const columnOf = (e) => card && e.target.closest('[data-column]');
  const mark = (column) => {
    for (const one of document.querySelectorAll('[data-column].over')) one.classList.toggle('over', one === column);
    column?.classList.add('over');
  };
  document.addEventListener('dragstart', (e) => {
    card = e.target.closest?.('[data-move]');
    if (card) e.dataTransfer.effectAllowed = 'move';
  });
  document.addEventListener('dragover', (e) => {
    const column = columnOf(e);
    mark(column);
    if (column) e.preventDefault();
  });
  document.addEventListener('drop', (e) => {
    const column = columnOf(e);
    if (!column) return;
    e.preventDefault();
    if (column === card.closest('[data-column]')) return;
    htmx.ajax('GET', `${card.dataset.move}?to=${column.dataset.column}`, { target: '#dialog' });
  });
  document.addEventListener('dragend', () => {
    mark(null);
    card = null;
  });
})();
