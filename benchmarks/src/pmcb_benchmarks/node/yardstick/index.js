// SPDX-License-Identifier: Apache-2.0
// The contract of _yardstick.py: the same reads, writes and answers, on the official shim.
'use strict';
const { Contract } = require('fabric-contract-api');

const count = (value) => Number(Buffer.from(value).toString() || '0');

class Yardstick extends Contract {
  constructor() {
    super('yardstick');
  }

  async mark(ctx, key) {
    const one = count(await ctx.stub.getState(`one.${key}`));
    const two = count(await ctx.stub.getState(`two.${key}`));
    await ctx.stub.getState(`three.${key}`);
    await ctx.stub.putState(`one.${key}`, Buffer.from(String(one + 1)));
    await ctx.stub.putState(`two.${key}`, Buffer.from(String(two + 1)));
    return { marks: one + 1 };
  }

  async get_marks(ctx, key) {
    return { marks: count(await ctx.stub.getState(`one.${key}`)) };
  }
}

module.exports.contracts = [Yardstick];
