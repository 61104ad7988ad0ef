import { createHash } from 'node:crypto';
import type { Person } from '../world/person.ts';
import { html } from './html.ts';

const skins = ['#f3cfb3', '#e0ac7e', '#b97a4b', '#8a5a3b', '#f6d9c4'];
const hairs = ['#2d1b12', '#5b3a21', '#a5672b', '#1c1c24', '#d8b26e'];
const shirts = ['#0f7c86', '#c2553f', '#5b5fc7', '#3c7a4e', '#a8457e'];
const backgrounds = ['#bfe3e0', '#f7d9b5', '#d8d9f7', '#cfe8d1', '#f3d3e4'];

/** A person's drawn face as an SVG picture of `size` pixels, the same at every start. */
export function avatar(person: Person, size: number): string {
  const bytes = createHash('sha256').update(person.id).digest();
  const pick = (list: readonly string[], index: number) => list[(bytes[index] ?? 0) % list.length] ?? '#888';
  const hair = pick(hairs, 1);
  const long = person.gender === 'FEMALE';
  const locks = html`<path d="M30 44c0-18 9-27 20-27s20 9 20 27v26H30z" fill="${hair}"/>`;
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="${size}" height="${size}" role="img" aria-label="${person.displayName}">
<rect width="100" height="100" fill="${pick(backgrounds, 3)}"/>
${long && locks}
<path d="M14 100c2-21 16-29 36-29s34 8 36 29z" fill="${pick(shirts, 2)}"/>
<path d="M43 60h14v14a7 7 0 0 1-14 0z" fill="${pick(skins, 0)}"/>
<ellipse cx="50" cy="46" rx="16.5" ry="19" fill="${pick(skins, 0)}"/>
<path d="M32 45c-1-17 7-25 18-25s19 8 18 25c-3-9-8-13-14-13-8 0-17 1-22 13z" fill="${hair}"/>
<circle cx="43.5" cy="47" r="2" fill="#2a2a2a"/><circle cx="56.5" cy="47" r="2" fill="#2a2a2a"/>
<path d="M43.5 55.5c3.5 4 9.500 4 13 0" fill="none" stroke="#2a2a2a" stroke-width="2" stroke-linecap="round"/>
</svg>`.toString();
}

/** The simulator's icon in the browser tab. */
export const icon =
  html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#0f7c86"/><path d="M5 17h6l3-8 5 15 3-7h5" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></svg>`.toString();
