// Shows that the app is waiting for a provider, and ignores a second click. Without this script, only the browser's own
// indicator shows it.
const PATIENCE = 20_000; // ms; longer than the server waits for a provider
const status = document.querySelector('#pending');

function wait(element, text) {
  element.setAttribute('aria-busy', 'true');
  if (status) status.textContent = text;
  setTimeout(rest, PATIENCE); // the user may have stopped the navigation
}

function rest() {
  for (const element of document.querySelectorAll('[aria-busy]')) element.removeAttribute('aria-busy');
  if (status) status.textContent = '';
}

document.addEventListener('submit', (event) => {
  const { submitter, target } = event;
  if (submitter?.ariaBusy) event.preventDefault();
  else if (submitter) wait(submitter, target.dataset.pending ?? 'One moment…');
});

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-pending]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return; // those open another tab
  if (link.ariaBusy) event.preventDefault();
  else wait(link, link.dataset.pending);
});

// The back button may restore the page as it was left.
addEventListener('pageshow', rest);
