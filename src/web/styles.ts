import { postStyles } from './styles-posts.js';

/** The one stylesheet. Light and dark by the reader's preference; no script, no web fonts, no images. */
export const stylesheet = `
:root {
  color-scheme: light dark;
  --ground: #f6f5f2;
  --card: #ffffff;
  --ink: #1d2126;
  --soft: #5c6570;
  --line: #dfdcd5;
  --accent: #0b6b57;
  --accent-ink: #ffffff;
  --accent-soft: #e3f1ed;
  --danger: #a8321f;
  --danger-soft: #fbe9e5;
  --shadow: 0 1px 2px rgb(20 24 28 / 6%), 0 8px 24px rgb(20 24 28 / 6%);
  --radius: 14px;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171a;
    --card: #1d2125;
    --ink: #e8eaec;
    --soft: #a1abb5;
    --line: #32383e;
    --accent: #5cc9ad;
    --accent-ink: #0c1f1a;
    --accent-soft: #1d332d;
    --danger: #ff9b87;
    --danger-soft: #3a211c;
    --shadow: none;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0;
  min-height: 100vh;
  min-height: 100dvh;
  display: flex;
  flex-direction: column;
  background: var(--ground);
  color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  overflow-wrap: anywhere;
}
a { color: var(--accent); text-underline-offset: 0.15em; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
h1, h2, h3 { line-height: 1.25; margin: 0 0 0.5rem; letter-spacing: -0.01em; text-wrap: balance; }
h1 { font-size: 1.5rem; }
h2 { font-size: 1.15rem; }
h3 { font-size: 1rem; }
p { margin: 0 0 1rem; }
p:last-child { margin-bottom: 0; }
img, video { max-width: 100%; height: auto; }
hr { border: 0; border-top: 1px solid var(--line); margin: 1.25rem 0; }
code, kbd { font: 0.95em ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.links { display: flex; flex-wrap: wrap; gap: 0.4rem 1.1rem; }
small, .soft { color: var(--soft); font-size: 0.925rem; }

.top, .foot { width: 100%; max-width: 42rem; margin: 0 auto; padding: 1rem 1.25rem; }
.top { display: flex; align-items: center; gap: 0.75rem; }
.brand { display: inline-flex; align-items: center; gap: 0.55rem; color: inherit; font-weight: 650; text-decoration: none; }
.brand::before {
  content: "";
  width: 1.15rem;
  height: 1.15rem;
  border-radius: 50% 50% 50% 4px;
  background: var(--accent);
}
.foot { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.25rem 1rem; margin-top: auto; color: var(--soft); font-size: 0.875rem; }
.foot a { color: inherit; }
main { width: 100%; max-width: 42rem; margin: 0 auto; padding: 0.5rem 1.25rem 2rem; }
main.narrow { max-width: 27rem; padding-top: min(6vh, 3rem); }

.card {
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: var(--radius);
  box-shadow: var(--shadow);
  padding: 1.5rem;
  overflow: clip; /* marks piled up on a letter end where their card does */
}
.card + .card { margin-top: 1rem; }
.card > h1 { margin-bottom: 0.9rem; }
.card > h1 + .soft { margin-top: -0.6rem; }
.notice { border-radius: 10px; padding: 0.7rem 0.9rem; margin: 0 0 1rem; background: var(--accent-soft); }
.notice.bad { background: var(--danger-soft); color: var(--danger); }

form { margin: 0; }
label, .field { display: block; margin: 0 0 1rem; }
label > span, .field > span { display: block; font-weight: 600; font-size: 0.925rem; margin-bottom: 0.3rem; }
input[type="text"], input[type="password"], input[type="email"], input[type="search"], textarea, select {
  width: 100%;
  min-height: 2.9rem;
  padding: 0.6rem 0.8rem;
  border: 1px solid var(--line);
  border-radius: 10px;
  background: var(--ground);
  color: inherit;
  font: inherit;
}
button, .button {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  min-height: 2.9rem;
  padding: 0.6rem 1.1rem;
  border: 1px solid var(--accent);
  border-radius: 10px;
  background: var(--accent);
  color: var(--accent-ink);
  font: inherit;
  font-weight: 600;
  text-decoration: none;
  cursor: pointer;
}
[hidden] { display: none !important; }
button:hover, .button:hover { filter: brightness(1.07); }
button.quiet, .button.quiet { background: transparent; color: inherit; border-color: var(--line); }
.wide { width: 100%; }
.actions { display: flex; flex-direction: row-reverse; gap: 0.75rem; margin-top: 1.25rem; }
.actions > * { flex: 1; }

.person { display: flex; align-items: center; gap: 0.75rem; margin: 0 0 1rem; }
.person > div { min-width: 0; }
.person strong { display: block; line-height: 1.3; }
.avatar {
  width: 2.75rem;
  height: 2.75rem;
  flex: none;
  border-radius: 12px;
  object-fit: cover;
  background: var(--accent-soft);
  color: var(--accent);
  display: grid;
  place-items: center;
  font-weight: 700;
}
.grants { list-style: none; margin: 0 0 1rem; padding: 0; }
.grants li { position: relative; padding: 0.5rem 0 0.5rem 1.75rem; border-top: 1px solid var(--line); }
.grants li:first-child { border-top: 0; }
.grants li::before { content: "&#10003;"; position: absolute; left: 0.25rem; color: var(--accent); font-weight: 700; }
.grants li.strong::before { content: "!"; color: var(--danger); }
.grants code { color: var(--soft); font-size: 0.8rem; }
.qr svg { display: block; width: 13rem; max-width: 100%; height: auto; margin: 0 auto 1rem; border-radius: 10px; }
.code {
  display: block;
  padding: 0.9rem 1rem;
  margin: 0 0 1rem;
  border: 1px dashed var(--accent);
  border-radius: 10px;
  background: var(--accent-soft);
  font: 1.05rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace;
  user-select: all;
}
${postStyles}`.trimStart();
