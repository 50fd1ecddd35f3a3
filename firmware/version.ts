/** The firmware's version: that of package.json, which a test compares. */
export const VERSION = "0.1.0";

/**
 * Product and version, as HTTP's User-Agent has them (RFC 9110, 10.1.5). It is also what the version of an image is found
 * by (`npm run ota -- build --image`).
 */
export const PRODUCT = `Hearth/${VERSION}`;

/**
 * A moment that had passed when this version was made, in milliseconds since 1970: 1 November 2026. No clock and no time
 * server is right that says less. Moved on with the version.
 */
export const FIRST_DAY = 1_793_491_200_000;
