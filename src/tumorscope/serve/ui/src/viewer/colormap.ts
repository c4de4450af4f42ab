/** Inferno: equal steps look equal, and it reads in grey. Polynomial fit of the published map. */

const RED = [0.00021894, 0.10651342, 11.60249308, -41.70399613, 77.1629357, -71.31942824, 25.13112622];
const GREEN = [0.001651, 0.56395644, -3.97285397, 17.43639888, -33.40235894, 32.62606426, -12.24266895];
const BLUE = [-0.0194809, 3.93271239, -15.94239411, 44.3541452, -81.80730926, 73.20951986, -23.070325];

function evaluate(terms: number[], t: number): number {
  const value = terms.reduceRight((sum, term) => sum * t + term, 0);
  return Math.round(255 * Math.min(1, Math.max(0, value)));
}

/** 256 steps of red, green and blue, one after the other. */
export const INFERNO: Uint8ClampedArray = Uint8ClampedArray.from({ length: 768 }, (_, i) => {
  const terms = [RED, GREEN, BLUE][i % 3]!;
  return evaluate(terms, Math.floor(i / 3) / 255);
});
