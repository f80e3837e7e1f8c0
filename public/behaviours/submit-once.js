// A second press of a button sends nothing; the server has its own guard, so this is only courtesy.
const sent = new WeakSet();
document.addEventListener('submit', (event) => {
  if (event.defaultPrevented || event.target.method !== 'post') return;
  if (sent.has(event.target)) {
    event.preventDefault();
    return;
  }
  sent.add(event.target);
  event.submitter?.setAttribute('aria-disabled', 'true');
});
// Back to a page kept in memory: its forms may be sent again.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
