/** Moddable's module `url`. */
const { URL: Address, URLSearchParams: Parameters } = globalThis;

export { Address as default, Address as URL, Parameters as URLSearchParams };
