// textarea[data-suggest="@ /address?q="]: what follows the sign is looked up while it is typed; arrows choose, Enter or
// Tab writes it into the text, Escape closes. The address answers with a JSON list of texts.
(() => {
  const signOf = (area) => area.dataset.suggest.split(' ');
  let list = null;
  let area = null;
  let asked = '';

  const close = () => {
    list?.remove();
    area?.removeAttribute('aria-activedescendant');
    area?.removeAttribute('aria-controls');
    list = area = null;
    asked = '';
  };
  // The piece between the sign and the caret; not in the middle of a mail address.
  const pieceOf = (el) => {
    const [sign] = signOf(el);
    const before = el.value.slice(0, el.selectionStart);
    const at = before.lastIndexOf(sign);
    const piece = before.slice(at + 1);
    if (at < 0 || /[\w.+-]/.test(before[at - 1] ?? '') || /\s/.test(piece) || piece.length > 20) return null;
    return piece;
  };
  const options = () => [...list.children];
  const choose = (option) => {
    for (const other of options()) other.setAttribute('aria-selected', String(other === option));
    area.setAttribute('aria-activedescendant', option.id);
    option.scrollIntoView({ block: 'nearest' });
  };
  const take = (option) => {
    const el = area;
    const end = el.selectionStart;
    el.setRangeText(`${option.textContent} `, end - pieceOf(el).length, end, 'end');
    close();
    el.focus();
    el.dispatchEvent(new Event('input', { bubbles: true }));
  };
  const show = (el, texts) => {
    if (!texts.length) return close();
    list?.remove();
    [list, area] = [document.createElement('ul'), el];
    list.className = 'suggest';
    list.id = `${el.id}-suggest`;
    list.setAttribute('role', 'listbox');
    list.setAttribute('aria-label', el.labels?.[0]?.textContent ?? '');
    texts.forEach((text, number) => {
      const option = list.appendChild(document.createElement('li'));
      option.id = `${list.id}-${number}`;
      option.setAttribute('role', 'option');
      option.textContent = text;
    });
    el.after(list);
    el.setAttribute('aria-controls', list.id);
    choose(list.firstElementChild);
    return undefined;
  };

  document.addEventListener('input', async ({ target: el }) => {
    if (!el.dataset?.suggest) return;
    const piece = pieceOf(el);
    if (piece === null) { close(); return; }
    const url = signOf(el)[1] + encodeURIComponent(piece);
    asked = url;
    const answer = await fetch(url, { headers: { 'HX-Request': 'true' } });
    // A later letter has asked again, or the caret has gone on.
    if (answer.ok && asked === url && pieceOf(el) === piece) show(el, await answer.json());
  });
  document.addEventListener('keydown', (e) => {
    if (!list || e.target !== area || e.isComposing || e.ctrlKey || e.metaKey) return;
    const chosen = list.querySelector('[aria-selected=true]');
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step) choose(options().at((options().indexOf(chosen) + step) % options().length));
    else if (e.key === 'Enter' || e.key === 'Tab') take(chosen);
    else if (e.key === 'Escape') close();
    else return;
    e.preventDefault();
    e.stopImmediatePropagation();
  }, true);
  // Before the text loses the focus.
  document.addEventListener('pointerdown', (e) => {
    const option = list && e.target.closest?.('.suggest [role=option]');
    if (option) { e.preventDefault(); take(option); }
  });
  document.addEventListener('focusout', (e) => { if (e.target === area) close(); });
})();
