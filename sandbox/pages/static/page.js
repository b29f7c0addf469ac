/**
 * What every page does by itself: times in the reader's zone, and codes that are copied by a button.
 *
 * Without it a page shows the times of the sandbox's own machine, and no button.
 */

const two = (number) => String(number).padStart(2, '0');

function shown(at, exact) {
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  if (exact) return `${time}.${String(at.getMilliseconds()).padStart(3, '0')}`;
  const today = at.toDateString() === new Date().toDateString();
  return today ? time : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

/** Times of this element as the reader's clock has them. */
export function localTimes(element) {
  for (const one of element.querySelectorAll('time[datetime]')) {
    const at = new Date(one.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    one.textContent = shown(at, 'exact' in one.dataset);
    one.title = at.toString();
  }
}

async function copy(button) {
  if (button.textContent === button.dataset.copied) return;
  const { textContent, ariaLabel } = button;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    getSelection().selectAllChildren(button.previousElementSibling); // For the keyboard to copy.
    return;
  }
  button.textContent = button.dataset.copied;
  button.ariaLabel = `${button.dataset.copied} ${button.dataset.copy}`;
  setTimeout(() => Object.assign(button, { textContent, ariaLabel }), 2000);
}

document.documentElement.classList.add('scripted');
localTimes(document);
document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-copy]');
  if (button) copy(button);
});
