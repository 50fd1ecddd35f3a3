globalThis.device = Object.freeze({ ...globalThis.device, isSetUp: true });
