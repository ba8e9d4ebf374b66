// Dialogs, menus and the phone's side menu. data-open="id" opens a dialog, data-close closes the one it is in;
// an answer swapped into #dialog opens it, the event `dialog-close` (HX-Trigger) or an empty answer closes it.
// <template data-dialog="id"> holds a dialog that most visits never open: until then it is no part of the page.
(() => {
  const open = (dialog) => {
    if (!dialog || dialog.open) return;
    dialog.dispatchEvent(new Event('c:open'));
    dialog.showModal();
  };
  const named = (id) => {
    const template = document.querySelector(`template[data-dialog="${id}"]`);
    template?.replaceWith(template.content);
    return document.getElementById(id);
  };
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll('details.menu[open]')) if (menu !== except) menu.open = false;
  };
  const mayDiscard = (dialog) => {
    const form = dialog.querySelector('form[data-guard][data-dirty]');
    return !form || !form.dataset.discard || confirm(form.dataset.discard);
  };
  const outside = (dialog, { clientX: x, clientY: y }) => {
    const box = dialog.getBoundingClientRect();
    return x < box.left || x > box.right || y < box.top || y > box.bottom;
  };

  document.addEventListener('click', (e) => {
    if (e.target.closest('[data-print]')) print();
    const opener = e.target.closest('[data-open]');
    const dialog = e.target.closest('dialog');
    closeMenus(opener ? null : e.target.closest('details.menu'));
    if (opener) {
      dialog?.close();
      open(named(opener.dataset.open));
    } else if (dialog && (e.target.closest('[data-close]') || (e.target === dialog && e.detail && outside(dialog, e)))) {
      if (mayDiscard(dialog)) dialog.close();
    }
  });
  document.addEventListener('keydown', (e) => {
    if (e.key !== 'Escape') return;
    const menu = document.querySelector('details.menu[open]');
    if (menu) {
      menu.open = false;
      menu.querySelector('summary').focus();
    } else if (location.hash === '#side') location.hash = '#main';
  });
  document.addEventListener('cancel', (e) => {
    if (!mayDiscard(e.target)) e.preventDefault();
  }, true);

  document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
    const dialog = document.getElementById('dialog');
    if (!dialog || ctx.target !== dialog) return;
    if (dialog.childElementCount) open(dialog);
    else if (dialog.open) dialog.close();
  });
  document.addEventListener('dialog-close', () => document.querySelector('dialog[open]')?.close());
  // What was fetched shows customer data: it goes when the dialog does.
  document.addEventListener('close', (e) => {
    if (e.target.id === 'dialog') e.target.replaceChildren();
  }, true);
})();
