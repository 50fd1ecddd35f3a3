import RNG from "rng";

const SEED_LENGTH = 32;

/**
 * The SDK's random numbers grow from 16 bytes drawn once, perhaps before the radio was on, which is what the ESP32's
 * generator draws its entropy from. So they are stirred with fresh ones before each handshake.
 */
export function stir(): void {
  const seed = new Uint8Array(RNG.get(SEED_LENGTH));
  const now = Date.now();
  for (let i = 0; i < SEED_LENGTH; i++) seed[i] ^= Math.floor(Math.random() * 256);
  for (let i = 0; i < 6; i++) seed[i] ^= Math.floor(now / 256 ** i);
  RNG.init(seed.buffer as ArrayBuffer);
}
