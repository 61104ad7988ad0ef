// Counts down to the expiry of the access token. Without this script the page says until when it is valid.
const place = document.querySelector('[data-expires]');
const expires = Date.parse(place.dataset.expires);
const left = place.querySelector('.left');
const time = place.querySelector('time');

time.textContent = new Date(expires).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });

function show() {
  const seconds = Math.round((expires - Date.now()) / 1000);
  place.classList.toggle('over', seconds <= 0);
  if (seconds <= 0) {
    left.textContent = 'Access token has expired';
    return;
  }
  const two = (number) => String(Math.floor(number)).padStart(2, '0');
  left.textContent = `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
  setTimeout(show, 1000);
}
show();
