/**
 * The figures that `npm run budgets -- --record` has written down: a test fails where one is exceeded by a tenth. They only
 * fall; whoever has to raise one says why in the commit.
 */
export const RECORDED: Readonly<Record<string, number>> = {
  steps: 5331.1,
  "steps-all": 8780.2,
  slots: 0.2,
  "steps-outage": 4227.7,
  "steps-all-outage": 7605.2,
  memory: 29_040,
  growth: 0,
  "size firmware": 30_767,
  "size firmware/climate": 7_475,
  "size firmware/clock": 7_625,
  "size firmware/codec": 14_105,
  "size firmware/commands": 7_587,
  "size firmware/discovery": 4_734,
  "size firmware/health": 4_210,
  "size firmware/links": 25_492,
  "size firmware/mqtt": 22_189,
  "size firmware/outbox": 24_653,
  "size firmware/pipeline": 3_153,
  "size firmware/sensors": 11_281,
  "size firmware/update": 25_904,
};
