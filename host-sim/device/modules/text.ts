/** Moddable's modules `text/decoder` and `text/encoder`: Node's globals do. */
const { TextDecoder: Decoder, TextEncoder: Encoder } = globalThis;

export { Decoder as TextDecoder, Encoder as TextEncoder };
