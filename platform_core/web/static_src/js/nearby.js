// From a record to its neighbours in the list it was opened from: the list page leaves what it shows for this tab of the
// browser, and the record asks for its neighbours once it is there. Nothing is fetched ahead: opening a record counts.
// A record may stand in several lists, and has a place for each: the one whose list was looked at last is filled.
(() => {
  const list = document.querySelector('form[data-list]');
  if (list) {
    sessionStorage.setItem(`list:${list.dataset.list}`, list.dataset.state);
    sessionStorage.setItem('list', list.dataset.list);
  }
  const shown = (place) => sessionStorage.getItem(`list:${place.dataset.list}`);
  const fill = (root) => {
    const places = [...root.querySelectorAll('[data-nearby]')].filter((place) => shown(place) !== null);
    const last = sessionStorage.getItem('list');
    const place = places.find(({ dataset }) => dataset.list === last) ?? places[0];
    if (!place) return;
    const query = new URLSearchParams(shown(place));
    const tab = new URLSearchParams(location.search).get('tab');
    if (tab) query.set('at', tab);
    htmx.ajax('GET', `${place.dataset.nearby}?${query}`, { target: place, swap: 'innerHTML' });
  };
  fill(document);
  document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
    if (ctx.target?.id === 'dialog') fill(ctx.target);
  });
})();
