/** Freezes an object and what is in it, as XS's `Object.freeze(value, true)` does. Classes and functions are left as they are. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  // The elements of a view cannot be frozen.
  if (ArrayBuffer.isView(value)) return value;
  originalFreeze(value);
  for (const key of Reflect.ownKeys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property && "value" in property) deepFreeze(property.value);
  }
  return value;
}

/** `globals.ts` puts another in its place. */
const originalFreeze = Object.freeze;
