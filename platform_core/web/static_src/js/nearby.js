// From a record to its neighbours in the list it was opened from: the list page leaves what it shows for this tab of the
// browser, and the record asks for its neighbours once it is there. Nothing is fetched ahead: opening a record counts.
(() => {
  const list = document.querySelector('form[data-list]');
  if (list) sessionStorage.setItem(`list:${list.dataset.list}`, list.dataset.state);
  const place = document.querySelector('[data-nearby]');
  const shown = place && sessionStorage.getItem(`list:${place.dataset.list}`);
  if (shown === null || !place) return;
  const query = new URLSearchParams(shown);
  const tab = new URLSearchParams(location.search).get('tab');
  if (tab) query.set('at', tab);
  htmx.ajax('GET', `${place.dataset.nearby}?${query}`, { target: place, swap: 'innerHTML' });
})();
