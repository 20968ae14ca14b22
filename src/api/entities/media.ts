import type { Media } from '../../model/status.js';
import { toFileUrl, type View } from './view.js';

/** `url` is null while a file is still being processed. */
export function toMedia(view: View, media: Media) {
  const ready = media.state === 'ready';
  const preview = { path: media.previewPath, remoteUrl: media.type === 'image' ? media.remoteUrl : null };
  const url = ready ? toFileUrl(view.names, media) : null;
  return {
    id: media._id,
    type: media.type,
    url,
    preview_url: (ready ? toFileUrl(view.names, preview) : null) ?? (media.type === 'image' ? url : null),
    remote_url: media.remoteUrl,
    preview_remote_url: null,
    text_url: null,
    meta: media.meta,
    description: media.description,
    blurhash: media.blurhash,
  };
}

export type MediaEntity = ReturnType<typeof toMedia>;
