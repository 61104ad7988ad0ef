// Shows new steps as soon as the server is notified. Without this script, the user has to reload the page.
const content = document.querySelector('#steps-content');
const news = document.querySelector('#steps-news');
const events = new EventSource('/steps/events');
const leaving = new AbortController();

// A notification that arrives while the user signs out must not lead to another page.
addEventListener('beforeunload', () => {
  events.close();
  leaving.abort();
});

events.addEventListener('steps', () => showSteps().catch(() => {})); // offline, or leaving the page

async function showSteps() {
  const response = await fetch('/steps', { signal: leaving.signal });
  // Signed out, or the consent is gone: the dashboard says which.
  if (response.status === 401) return location.assign('/dashboard');
  if (!response.ok) return;
  const steps = await response.text();
  const isOpen = content.querySelector('details')?.open ?? false;
  const before = content.querySelector('.totals dd')?.textContent;
  content.innerHTML = steps;
  const table = content.querySelector('details');
  if (table) table.open = isOpen;
  const today = content.querySelector('.totals dd')?.textContent;
  if (today && today !== before) news.textContent = `New steps: ${today} today`;
}
