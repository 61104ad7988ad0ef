// Shows new steps as soon as the server is notified. Without this script, the user has to reload the page.
const content = document.querySelector('#steps-content');
const news = document.querySelector('#steps-news');

new EventSource('/steps/events').addEventListener('steps', async () => {
  const response = await fetch('/steps');
  // Signed out, or the consent is gone: the dashboard says which.
  if (response.status === 401) return location.assign('/dashboard');
  if (!response.ok) return;
  const isOpen = content.querySelector('details')?.open ?? false;
  const before = content.querySelector('.totals dd')?.textContent;
  content.innerHTML = await response.text();
  const table = content.querySelector('details');
  if (table) table.open = isOpen;
  const today = content.querySelector('.totals dd')?.textContent;
  if (today && today !== before) news.textContent = `New steps: ${today} today`;
});
