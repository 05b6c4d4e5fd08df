// SPDX-License-Identifier: Apache-2.0
// One `mark` of the yardstick a transaction, each with a key of its own; arguments: {chaincode, run}.
'use strict';
const { WorkloadModuleBase } = require('@hyperledger/caliper-core');

class Marks extends WorkloadModuleBase {
  async initializeWorkloadModule(...given) {
    await super.initializeWorkloadModule(...given);
    this.sent = 0;
  }

  async submitTransaction() {
    await this.sutAdapter.sendRequests({
      contractId: this.roundArguments.chaincode,
      contractFunction: 'mark',
      contractArguments: [`${this.roundArguments.run}.${this.workerIndex}.${this.sent++}`],
      readOnly: false,
    });
  }
}

module.exports.createWorkloadModule = () => new Marks();
