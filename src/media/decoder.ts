/**
 * The one place that imports sharp, so that nobody can use it with its doors open: only the five loaders that are
 * wanted (no SVG, PDF, TIFF, ImageMagick…), one thread per picture, no cache of earlier pictures.
 */
import sharp from 'sharp';

sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Nsgif', 'Webp', 'Heif'].map((loader) => `VipsForeignLoad${loader}`),
});
sharp.concurrency(1);
sharp.cache(false);

export { sharp };

/** HEIC needs a patented codec that sharp's own build leaves out; a system's libvips may have it. */
export const canDecodeHeic: boolean = (sharp.format.heif?.input.fileSuffix ?? []).includes('.heic');
