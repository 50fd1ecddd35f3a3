/**
 * Corrects a linear error: `value * gain + offset`. Two reference points give both (two-point calibration); an
 * offset alone moves the curve (one-point calibration).
 */
export class Calibration {
  #gain: number;
  #offset: number;

  constructor(gain: number, offset: number) {
    this.#gain = gain;
    this.#offset = offset;
  }

  /**
   * The line through two points that were measured against a reference, as at 0 °C in melting ice and in
   * warm water.
   * @throws RangeError when both raw values are the same
   */
  static twoPoint(raw1: number, reference1: number, raw2: number, reference2: number): Calibration {
    if (raw1 === raw2) throw new RangeError("two-point calibration needs two different raw values");
    const gain = (reference2 - reference1) / (raw2 - raw1);
    return new Calibration(gain, reference1 - raw1 * gain);
  }

  process(value: number): number {
    return value * this.#gain + this.#offset;
  }
}
