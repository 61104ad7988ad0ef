// "Select all" selects the boxes, which can then be cleared one by one; a sign of life once the form is sent. Without
// this script the form works, too: "Select all" then counts for every box.
const form = document.querySelector('form');
const all = form.querySelector('input[name=all]');
const boxes = [...form.querySelectorAll('input[name=scope]')];

const follow = () => {
  const selected = boxes.filter((box) => box.checked).length;
  all.checked = selected === boxes.length;
  all.indeterminate = selected > 0 && selected < boxes.length;
};

if (all) {
  all.addEventListener('change', () => {
    for (const box of boxes) box.checked = all.checked;
  });
  for (const box of boxes) box.addEventListener('change', follow);
  // Browsers fill in what was selected before a reload, and may do so after this script has run.
  addEventListener('pageshow', follow);
}

form.addEventListener('submit', (event) => {
  if (form.ariaBusy) event.preventDefault(); // a second click
  form.ariaBusy = 'true';
});
addEventListener('pageshow', () => {
  form.ariaBusy = null;
});
