/** What posts, profiles and lists of them look like. */
export const postStyles = `
h2.between { margin: 1.5rem 0 0.75rem; }
a.plain { color: inherit; text-decoration: none; }
a.plain:hover { text-decoration: underline; }
.post.main { border-color: var(--accent); }
.post.main .prose { font-size: 1.125rem; }
.post:target { border-color: var(--accent); }
.post .above { margin: 0 0 0.6rem; color: var(--soft); font-size: 0.9rem; }
.post .person + .above { margin-top: -0.2rem; }
.post .person { margin-bottom: 0.6rem; }
.card > h2 { margin-bottom: 0.75rem; }
.person:last-child { margin-bottom: 0; }
.prose > :last-child { margin-bottom: 0; }
.prose p { margin: 0 0 0.75rem; text-wrap: pretty; }
.prose p, .prose li { unicode-bidi: plaintext; }
.prose blockquote { margin: 0 0 0.75rem; padding-inline-start: 0.9rem; border-inline-start: 3px solid var(--line); color: var(--soft); }
.prose pre { overflow-x: auto; }
.prose .invisible { display: none; }
.prose .ellipsis::after { content: "…"; }
.emoji { width: 1.25em; height: 1.25em; object-fit: contain; vertical-align: -0.25em; }
.icon { width: 1.05em; height: 1.05em; fill: currentColor; vertical-align: -0.15em; flex: none; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
details.warned > summary {
  cursor: pointer;
  padding: 0.55rem 0.8rem;
  border-radius: 10px;
  background: var(--accent-soft);
  font-weight: 550;
}
details.warned[open] > summary { margin-bottom: 0.75rem; }
.post > .warned + .marks, .post > .prose + .marks { margin-top: 0.9rem; }
.prose + .warned { margin-top: 0.75rem; }

.media { display: grid; gap: 0.75rem; margin-top: 0.85rem; }
.warned > .media { margin-top: 0; }
.media figure { margin: 0; min-width: 0; }
.media a { display: block; border-radius: 10px; overflow: hidden; background: var(--ground); }
.media a.file { padding: 0.7rem 0.9rem; }
.media img, .media video { display: block; width: 100%; border-radius: 10px; background: var(--ground); }
.media.one img, .media.one video { height: auto; max-height: 36rem; object-fit: contain; }
.media.many { grid-template-columns: 1fr 1fr; }
.media.many img, .media.many video { height: auto; aspect-ratio: 4 / 3; object-fit: cover; }
.media.many figure:first-child:nth-last-child(odd) { grid-column: 1 / -1; }
.media.many figure:first-child:nth-last-child(odd) img { aspect-ratio: 2 / 1; }
.media audio { width: 100%; }
.media figcaption {
  display: -webkit-box;
  -webkit-box-orient: vertical;
  -webkit-line-clamp: 3;
  overflow: hidden;
  margin-top: 0.35rem;
  color: var(--soft);
  font-size: 0.875rem;
  line-height: 1.4;
}
.poll { list-style: none; margin: 0.85rem 0 0.5rem; padding: 0; display: grid; gap: 0.6rem; }
.poll .option { display: flex; justify-content: space-between; gap: 1rem; }
.poll .option > span { min-width: 0; }
.bar { display: block; width: 100%; height: 0.5rem; margin-top: 0.2rem; border-radius: 0.25rem; }
.bar rect { fill: var(--line); }
.bar .part { fill: var(--accent); }
.quoted { margin: 0.85rem 0 0; padding: 0.9rem 1rem; border: 1px solid var(--line); border-radius: 10px; }
.quoted .person { margin-bottom: 0.4rem; }
.link { display: block; margin-top: 0.85rem; border: 1px solid var(--line); border-radius: 10px; overflow: hidden; color: inherit; text-decoration: none; }
.link:hover strong { text-decoration: underline; }
.link img { display: block; width: 100%; aspect-ratio: 2 / 1; object-fit: cover; }
.link span { display: block; padding: 0.7rem 0.9rem; }
.link strong, .link small { display: block; }
.marks { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 0.9rem; margin-top: 0.9rem; color: var(--soft); font-size: 0.9rem; }
.counts { display: flex; flex-wrap: wrap; gap: 0.25rem 1.1rem; }
.counts > span { white-space: nowrap; }
.marks .counts { margin-inline-start: auto; }
.marks .counts > span { display: inline-flex; align-items: center; gap: 0.3rem; font-variant-numeric: tabular-nums; }

.profile { overflow: hidden; }
.profile .banner { display: block; width: calc(100% + 3rem); max-width: none; height: 11rem; margin: -1.5rem -1.5rem 0; object-fit: cover; background: var(--accent-soft); }
.profile .person { align-items: end; margin: -2.25rem 0 1rem; }
.profile .person > div { padding-bottom: 0.15rem; }
.avatar.large { width: 5.5rem; height: 5.5rem; border-radius: 20px; border: 4px solid var(--card); }
.profile h1 { margin: 0; padding-top: 2.5rem; font-size: 1.4rem; }
.profile .prose { margin-bottom: 1rem; }
.fields { display: grid; grid-template-columns: minmax(5rem, max-content) 1fr; gap: 0.35rem 1.25rem; margin: 0 0 1rem; padding-top: 0.85rem; border-top: 1px solid var(--line); }
.fields dt { color: var(--soft); max-width: 12rem; }
.fields dd { margin: 0; min-width: 0; }

.head { margin: 0.5rem 0 1rem; }
.head h1 { margin: 0; font-size: 1.75rem; }
.hero { padding: 2rem 1.75rem; }
.hero h1 { font-size: 2.1rem; }
.hero > p:first-of-type { font-size: 1.1rem; }
ol { margin: 0; padding-inline-start: 1.4rem; }
ol li + li { margin-top: 0.5rem; }
ol li::marker { color: var(--accent); font-weight: 650; }
ol small { display: block; }
.empty { color: var(--soft); text-align: center; padding: 2.25rem 1.5rem; }
.more { text-align: center; margin-top: 1.25rem; }
@media (max-width: 30rem) {
  .top, .foot { padding-inline: 1rem; }
  main { padding-inline: 0.75rem; }
  .card { padding: 1.1rem; }
  .hero { padding: 1.5rem 1.25rem; }
  .profile .banner { width: calc(100% + 2.2rem); height: 8rem; margin: -1.1rem -1.1rem 0; }
  .fields { grid-template-columns: 1fr; gap: 0; }
  .fields dd { margin-bottom: 0.5rem; }
  .actions { flex-direction: column; }
}
@media print { .top, .foot, form { display: none; } }
`.trimStart();
