// Shows new steps as soon as the server hears of them. Without this script, a reload does.
const content = document.querySelector('#steps-content');
const news = document.querySelector('#steps-news');

new EventSource('/steps/events').addEventListener('steps', async () => {
  const response = await fetch('/steps');
  // Signed out, or the consent is gone: the dashboard knows what to say.
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
