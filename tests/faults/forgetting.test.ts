import { beforeEach, describe, expect, it } from "@jest/globals";
import { Forgetting } from "../../bench/faults/forgetting.js";

let forgetting: Forgetting;
let failures: string[];

beforeEach(() => {
  failures = [];
  forgetting = new Forgetting((what) => failures.push(what));
});

function comeAgain(count: number): void {
  for (let order = 1; order <= count; order++) forgetting.cameAgain(order);
}

describe("a node that restarts", () => {
  it("may have forgotten a few that were acknowledged, and not many", () => {
    forgetting.acknowledged(10, false);
    forgetting.acknowledged(5, true);
    forgetting.ended(false);
    comeAgain(64);
    forgetting.accepted();
    comeAgain(64);
    expect(failures).toEqual([]);
    comeAgain(1);
    expect(failures).toEqual(["repeated: 65 came again that were acknowledged before the restart"]);
  });

  it("must not have forgotten any where it ended in order, and nothing waited", () => {
    forgetting.ended(true);
    comeAgain(1);
    expect(failures).toEqual(["repeated: #1 came again, and the node ended in order when nothing waited"]);
  });

  it("may have forgotten a few in a power cut, also where ends in order followed, until nothing waits", () => {
    forgetting.ended(false);
    forgetting.ended(true);
    comeAgain(1);
    expect(failures).toEqual([]);
    forgetting.drained();
    forgetting.ended(true);
    comeAgain(1);
    expect(failures).toHaveLength(1);
  });

  it("may have forgotten more of what was acknowledged out of order, until nothing waits", () => {
    forgetting.acknowledged(2, true);
    forgetting.acknowledged(1, true);
    forgetting.ended(true);
    comeAgain(100);
    expect(failures).toEqual([]);
    forgetting.drained();
    forgetting.ended(true);
    comeAgain(1);
    expect(failures).toHaveLength(1);
  });
});
