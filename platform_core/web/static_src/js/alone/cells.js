// Changing a cell of a list where it stands: a double click, or F2 in its row. Columns that can be changed say so in their
// heads, [data-edits]; the server draws the row with a control in the cell (web/lists/_cell.html). Enter saves, Tab saves
// and goes on to the next such cell, Escape leaves everything as it was.
(() => {
  const EDITOR = '.grid .cell';
  const editor = () => document.querySelector(EDITOR);
  const control = (root) => root.querySelector('[name=value]');
  const keyOf = (row) => row?.querySelector('.ck input')?.value;
  const rowOf = (key) => document.querySelector(`.grid .ck input[value="${key}"]`)?.closest('tr');
  const column = (cell) => cell.closest('table').tHead.rows[0].cells[cell.cellIndex]?.dataset.edits;
  const changeable = (row) => [...row.cells].filter((cell) => column(cell) && cell.checkVisibility());
  const isDirty = (root) => control(root).value !== root.querySelector('[name=was]').value;

  let kept = null; // the row as it was before its cell was opened
  let ticked = false;
  let next = null; // [key of a row, number of a cell] to open once this one is saved
  let waiting = '';

  const awaited = (row) => {
    waiting = keyOf(row);
    ticked = row.querySelector('.ck input').checked;
  };
  const open = (cell) => {
    const row = cell.closest('tr');
    const key = keyOf(row);
    const list = row.closest('form[data-list]');
    if (!key || !list || !column(cell)) return;
    kept = row;
    awaited(row);
    const url = `${list.dataset.list}/cells/${key}/${column(cell)}?${list.dataset.state}`;
    htmx.ajax('GET', url, { target: row, swap: 'outerHTML' });
  };
  const openAt = ([key, at]) => {
    const cell = rowOf(key)?.cells[at];
    if (cell) open(cell);
  };
  const leave = () => {
    const row = editor()?.closest('tr');
    if (!row || !kept) return;
    row.replaceWith(kept);
    (kept.querySelector('.c-name a') ?? kept.querySelector('a, input'))?.focus();
    kept = null;
  };
  const save = () => editor().querySelector('[type=submit]').click();
  const goTo = (key, at) => {
    const root = editor();
    if (root && isDirty(root)) {
      next = [key, at];
      save();
    } else {
      leave();
      openAt([key, at]);
    }
  };

  document.addEventListener('dblclick', (e) => {
    const cell = e.target.closest('form[data-list] .grid tbody td');
    if (!cell || !column(cell) || e.target.closest('a, button, input, select, .cell')) return;
    e.preventDefault();
    getSelection()?.removeAllRanges();
    goTo(keyOf(cell.closest('tr')), cell.cellIndex);
  });
  document.addEventListener('mouseover', (e) => {
    const cell = e.target.closest('form[data-list] .grid tbody td');
    if (cell && column(cell) && keyOf(cell.closest('tr'))) cell.classList.add('can');
  });
  document.addEventListener('click', (e) => {
    if (e.target.closest('[data-cell-leave]')) leave();
    else if (e.target.closest('.cell [type=submit]')) awaited(e.target.closest('tr'));
  }, true);
  document.addEventListener('keydown', (e) => {
    if (e.isComposing || e.keyCode === 229) return;
    const root = e.target.closest?.(EDITOR);
    const row = e.target.closest?.('form[data-list] .grid tbody tr');
    if (!row) return;
    if (!root && e.key === 'F2') {
      const [first] = changeable(row);
      if (!first || !keyOf(row)) return;
      goTo(keyOf(row), first.cellIndex);
    } else if (root && e.key === 'Escape') leave();
    else if (root && e.key === 'Enter' && e.target === control(root)) save();
    else if (root && e.key === 'Tab' && e.target === control(root)) {
      const cells = changeable(row);
      const cell = cells[cells.indexOf(root.closest('td')) + (e.shiftKey ? -1 : 1)];
      if (!cell) return;
      goTo(keyOf(row), cell.cellIndex);
    } else return;
    e.preventDefault();
  }, true);

  addEventListener('beforeunload', (e) => {
    const root = editor();
    if (root && isDirty(root)) e.preventDefault();
  });
  document.addEventListener('htmx:after:swap', () => {
    const row = waiting && rowOf(waiting);
    if (!row) return;
    waiting = '';
    const box = row.querySelector('.ck input');
    if (box.checked !== ticked) box.click();
    const root = editor();
    if (root) {
      next = null;
      control(root).focus();
      control(root).select?.();
    } else if (next) {
      const place = next;
      next = null;
      openAt(place);
    } else {
      kept = null;
      (row.querySelector('.c-name a') ?? row.querySelector('a, input'))?.focus();
    }
  });
})();
