/** The styles of all pages: three faces, light and dark, phone and desktop. */
export const styles = `
:root {
  color-scheme: light dark;
  --page: #f3f6f7; --card: #ffffff; --line: #d5dde0; --text: #17252b; --soft: #51636b;
  --accent: #00727d; --accent-strong: #005c65; --on-accent: #ffffff; --tint: #e3f3f3;
  --warn: #8a3b00; --warn-back: #fff1e0; --bad: #a3201d; --bad-back: #fdeceb; --good: #1c6b3a;
  --radius: 16px;
}
.google { --page: #f1f3f6; --accent: #1a56c4; --accent-strong: #12439c; --tint: #e7eefb; --line: #d4d8df; --text: #1c2026; --soft: #545b66; --radius: 24px; }
.control { --accent: #3f4fbf; --accent-strong: #323f9c; --tint: #eaecfb; }
@media (prefers-color-scheme: dark) {
  :root { --page: #0f1719; --card: #182326; --line: #34454a; --text: #eaf1f2; --soft: #a9babf;
    --accent: #4ec9cf; --accent-strong: #7adade; --on-accent: #06282a; --tint: #14383b;
    --warn: #ffc78a; --warn-back: #38270f; --bad: #ffb3ae; --bad-back: #401b1a; --good: #86d7a2; }
  .google { --page: #101216; --card: #1b1e23; --line: #3a3f48; --text: #e8eaee; --soft: #adb3be;
    --accent: #a3c2ff; --accent-strong: #c3d7ff; --on-accent: #0b2559; --tint: #1d2c4a; }
  .control { --page: #111318; --card: #1a1d25; --line: #373c49; --accent: #aab4ff; --accent-strong: #c6cdff; --on-accent: #151b4d; --tint: #242a4a; }
}
*, *::before, *::after { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
.notice { margin: 0; padding: .55rem 1rem; background: var(--warn-back); color: var(--warn); font-size: .875rem; text-align: center; }
.notice a, a { color: inherit; }
main a { color: var(--accent); }
h1, h2, h3 { line-height: 1.25; overflow-wrap: anywhere; }
.card { max-width: 34rem; margin: 2rem auto; padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); box-shadow: 0 8px 30px rgb(10 30 40 / 8%); }
.card h1 { margin: 1.25rem 0 1.25rem; font-size: 1.45rem; font-weight: 500; }
.card h1 strong { font-weight: 700; }
.brand { display: flex; align-items: center; gap: .7rem; font-weight: 700; font-size: 1.1rem; color: var(--accent); }
.brand small { font-weight: 500; color: var(--soft); }
.mark { width: 1.75rem; height: 1.75rem; flex: none; border-radius: 9px; background: var(--accent); }
.google .mark { border-radius: 50%; background: conic-gradient(var(--accent) 0 40%, var(--soft) 40% 70%, var(--line) 70%); }
.google .brand { color: var(--text); font-weight: 600; font-size: 1rem; }
fieldset { margin: 0 0 1.5rem; padding: 0; border: 0; min-width: 0; }
legend { padding: 0; margin-bottom: .6rem; font-weight: 600; }
ul { list-style: none; margin: 0; padding: 0; }
.people { display: grid; gap: .5rem; }
.person { display: flex; align-items: center; gap: .8rem; padding: .65rem .8rem; border: 1px solid var(--line); border-radius: 12px; cursor: pointer; }
.person img { flex: none; border-radius: 50%; }
.person span, .scope span { display: grid; min-width: 0; overflow-wrap: anywhere; }
.person small, .scope small { color: var(--soft); font-size: .85rem; }
.person:hover, .scope:hover { background: var(--tint); }
.person:has(:checked) { border-color: var(--accent); background: var(--tint); box-shadow: inset 0 0 0 1px var(--accent); }
.scopes { border: 1px solid var(--line); border-radius: 12px; overflow: hidden; }
.scopes li + li { border-top: 1px solid var(--line); }
.scope { display: flex; align-items: flex-start; gap: .8rem; padding: .65rem .8rem; cursor: pointer; }
.scope.all { padding-left: .85rem; }
.google .scope, .google .person { flex-direction: row; }
.google .scopes .scope { flex-direction: row-reverse; justify-content: space-between; }
fieldset:has(.all :checked) .scopes { background: var(--tint); }
fieldset:has(.all :checked) .scopes input { visibility: hidden; }
input[type=checkbox], input[type=radio] { width: 1.2rem; height: 1.2rem; margin: .15rem 0 0; flex: none; accent-color: var(--accent); }
.person input { margin: 0; }
.small { color: var(--soft); font-size: .875rem; }
.backto { margin: 1.25rem 0 0; text-align: center; }
.address { font-family: ui-monospace, Consolas, monospace; }
.buttons { display: flex; gap: .75rem; }
button { font: inherit; font-weight: 600; padding: .7rem 1.4rem; min-height: 2.75rem; border-radius: 999px; border: 1px solid var(--accent); background: transparent; color: var(--accent); cursor: pointer; }
button:hover { background: var(--tint); }
button.primary { background: var(--accent); color: var(--on-accent); }
button.primary:hover { background: var(--accent-strong); border-color: var(--accent-strong); }
.card .buttons button { flex: 1; }
.google .card .buttons { justify-content: flex-end; }
.google .card .buttons button { flex: none; }
.google .card .buttons .secondary { border-color: transparent; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.person:has(:focus-visible), .scope:has(:focus-visible) { outline: 3px solid var(--accent); outline-offset: -3px; }
.person :focus-visible, .scope :focus-visible { outline: none; }
.problem, .error-text { padding: .7rem 1rem; border-radius: 12px; background: var(--bad-back); color: var(--bad); overflow-wrap: anywhere; }
.desk { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
.desk > header { margin: .5rem 0 1.5rem; }
.desk h1 { margin: 0; font-size: 1.7rem; }
.desk header p { margin: .3rem 0 0; }
.desk section { margin: 0 0 1.25rem; padding: 1.25rem 1.4rem; background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); }
.desk h2 { margin: 0 0 .8rem; font-size: 1.1rem; }
.desk h3 { margin: 0; font-size: 1rem; }
.desk form + form, .desk .after { margin-top: .9rem; }
.desk button { padding: .35rem .95rem; min-height: 2.4rem; font-size: .95rem; }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: .55rem .75rem; }
.row label { display: inline-flex; align-items: center; gap: .4rem; }
.row + .scroll { margin: .9rem 0; }
select, input[type=number] { font: inherit; min-height: 2.4rem; padding: .25rem .6rem; color: inherit; background: var(--card); border: 1px solid var(--soft); border-radius: 10px; max-width: 100%; }
input[type=number] { width: 5.5rem; }
button.danger { border-color: var(--bad); color: var(--bad); }
button.danger:hover { background: var(--bad-back); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(19rem, 100%), 1fr)); gap: .75rem; }
.cards li { display: flex; gap: .9rem; padding: .9rem; border: 1px solid var(--line); border-radius: 12px; min-width: 0; }
.cards img { border-radius: 50%; flex: none; }
.cards p { margin: .1rem 0 .5rem; }
dl { margin: 0; font-size: .85rem; }
dl div { display: flex; gap: .5rem; flex-wrap: wrap; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; font-family: ui-monospace, Consolas, monospace; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th, td { padding: .45rem .75rem .45rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
tbody tr:last-child td { border-bottom: 0; }
code { font-family: ui-monospace, Consolas, monospace; font-size: .92em; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(21rem, 100%), 1fr)); gap: .7rem 1.75rem; margin-bottom: 1rem; }
.grid label { display: flex; justify-content: space-between; align-items: center; gap: .8rem; }
.grid label span { display: grid; min-width: 0; font-size: .92rem; }
.grid small { color: var(--soft); font-size: .78rem; font-family: ui-monospace, Consolas, monospace; overflow-wrap: anywhere; }
.grid select, .grid input { flex: none; max-width: 11rem; }
@media (max-width: 36rem) {
  table { min-width: 34rem; }
  .card { margin: 0; padding: 1.25rem 1.1rem 2rem; border: 0; border-radius: 0; box-shadow: none; min-height: calc(100vh - 3.5rem); }
  .google .card .buttons button { flex: 1; }
}
`;
