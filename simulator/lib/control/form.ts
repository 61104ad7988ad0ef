import { type Html, html } from '../pages/html.ts';
import type { World } from '../world/world.ts';

/** The path that the control page's forms post to. */
export const controlPath = '/control';

/** A form that posts one action. The token protects it against other sites. */
export function form(world: World, action: string, content: Html, className = ''): Html {
  return html`<form method="post" action="${controlPath}" class="${className}">
<input type="hidden" name="control-token" value="${world.controlToken}"><input type="hidden" name="action" value="${action}">
${content}</form>`;
}

/** A section of the page. */
export function section(id: string, title: string, content: Html): Html {
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${content}</section>
`;
}

/** A choice; an option is its value, or its value and its label. */
export function select(
  name: string,
  options: readonly (string | readonly [value: string, label: string])[],
  chosen?: string,
): Html {
  return html`<select name="${name}">${options.map((option) => {
    const [value, label] = typeof option === 'string' ? [option, option] : option;
    return html`<option value="${value}"${value === chosen && html` selected`}>${label}</option>`;
  })}</select>`;
}

/** A table. On a phone, each row becomes a card whose cells are labeled with the column's head. */
export function table(heads: readonly string[], rows: readonly (readonly (string | Html)[])[]): Html {
  return html`<table><thead><tr>${heads.map((head) =>
    head === '' ? html`<td></td>` : html`<th scope="col">${head}</th>`,
  )}</tr></thead><tbody>${rows.map(
    (row) => html`<tr>${row.map((cell, index) => html`<td data-label="${heads[index]}">${cell}</td>`)}</tr>`,
  )}</tbody></table>`;
}
