// Shows times in the user's time zone, and counts down to the expiry of the access token. Without this script, the page
// shows times in UTC.
for (const time of document.querySelectorAll('time')) {
  time.textContent = new Date(time.dateTime).toLocaleString(undefined, {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
}

const until = document.querySelector('.until');
if (until) {
  // On the server's clock: this computer's may be wrong.
  const ends = performance.now() + Date.parse(until.dataset.expires) - Date.parse(until.dataset.now);
  const left = until.querySelector('.left');
  const two = (number) => String(Math.floor(number)).padStart(2, '0');

  const show = () => {
    const seconds = Math.max(0, Math.round((ends - performance.now()) / 1000));
    until.classList.toggle('over', seconds === 0);
    left.textContent =
      seconds === 0 ? 'Expired' : `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
    if (seconds > 0) setTimeout(show, 1000);
  };
  show();
}
