// select[data-several="Chosen:"]: where a mouse points, a click takes one in or out, as Ctrl and a click do elsewhere; the
// chosen ones are named below. Above many stands a field to look for one, data-find names it: Enter takes the first that
// it finds. Telephones have a list of their own for this.
(() => {
  const MANY = 12;
  if (!matchMedia('(pointer: fine)').matches) return;
  const told = (select) => {
    const names = [...select.selectedOptions].map((option) => option.text);
    const line = document.getElementById(`${select.id}-chosen`);
    line.hidden = !names.length;
    line.textContent = `${select.dataset.several} ${names.join(', ')}`;
  };
  const toggle = (option) => {
    option.selected = !option.selected;
    const select = option.closest('select');
    select.dispatchEvent(new Event('input', { bubbles: true }));
    select.dispatchEvent(new Event('change', { bubbles: true }));
  };
  const finder = (select) => {
    const field = Object.assign(document.createElement('input'), { className: 'input', type: 'search' });
    field.setAttribute('aria-label', select.dataset.find);
    field.placeholder = select.dataset.find;
    const narrow = () => {
      const words = field.value.trim().toLowerCase();
      for (const option of select.options) option.hidden = !option.text.toLowerCase().includes(words);
    };
    field.addEventListener('input', (e) => {
      e.stopPropagation();
      narrow();
    });
    field.addEventListener('keydown', (e) => {
      if (e.key !== 'Enter' || e.ctrlKey || e.metaKey) return;
      e.preventDefault();
      const found = field.value.trim() && [...select.options].find((option) => !option.hidden);
      if (!found) return;
      toggle(found);
      field.value = '';
      narrow();
    });
    select.before(field);
  };
  const prepare = (select) => {
    select.dataset.ready = '1';
    const line = Object.assign(document.createElement('p'), { id: `${select.id}-chosen`, className: 'field-hint' });
    line.setAttribute('aria-live', 'polite');
    select.after(line);
    if (select.options.length > MANY) finder(select);
    told(select);
  };
  const prepareAll = () => document.querySelectorAll('select[data-several]:not([data-ready])').forEach(prepare);

  document.addEventListener('mousedown', (e) => {
    const option = e.target.closest?.('select[data-several] option');
    if (!option || e.button || e.shiftKey || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    const select = option.closest('select');
    const at = select.scrollTop;
    select.focus();
    toggle(option);
    select.scrollTop = at;
  });
  document.addEventListener('change', ({ target }) => target.matches?.('select[data-several]') && told(target));
  document.addEventListener('htmx:after:swap', prepareAll);
  prepareAll();
})();
