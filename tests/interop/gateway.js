// SPDX-License-Identifier: Apache-2.0
// Drives a network with @hyperledger/fabric-gateway: `gateway.js JOB`; the job's `steps` are
// {do: a verb below, ...}. Prints one JSON document a step.
'use strict';
const { main, say, signerOf, told } = require('./client');
const { Listeners } = require('./listeners');

const MAKERS = {
  proposal: 'newSignedProposal',
  transaction: 'newSignedTransaction',
  commit: 'newSignedCommit',
  chaincode: 'newSignedChaincodeEventsRequest',
  blocks: 'newSignedBlockEventsRequest',
  filtered: 'newSignedFilteredBlockEventsRequest',
  private: 'newSignedBlockAndPrivateDataEventsRequest',
};

const text = (bytes) => Buffer.from(bytes).toString();

class Session {
  constructor(gateway, job) {
    this.gateway = gateway;
    this.job = job;
    this.network = gateway.getNetwork(job.channel);
    this.listeners = new Listeners(this.network, job.chaincode);
  }

  // Off-line, what the step lists is signed apart from the gateway, by the key that it names.
  async signed(step, part, made) {
    if (!(step.sign || []).includes(part)) {
      return made;
    }
    const signature = await signerOf(step.key || this.job.key)(made.getDigest());
    return this.gateway[MAKERS[part]](made.getBytes(), signature);
  }

  async proposal(step, [name, ...args] = step.call) {
    const contract = this.network.getContract(step.chaincode || this.job.chaincode);
    const made = contract.newProposal(name, {
      arguments: args,
      transientData: step.transient,
      endorsingOrganizations: step.orgs,
    });
    return this.signed(step, 'proposal', made);
  }

  async evaluate(step) {
    return { result: text(await (await this.proposal(step)).evaluate()) };
  }

  async submit(step) {
    const endorsed = await (await this.proposal(step)).endorse();
    const transaction = await this.signed(step, 'transaction', endorsed);
    const commit = await this.signed(step, 'commit', await transaction.submit());
    const { code, blockNumber, transactionId } = await commit.getStatus();
    const result = text(transaction.getResult());
    return { result, code, block: Number(blockNumber), id: transactionId };
  }

  // The short way, as most applications go it.
  async call({ call: [name, ...args] }) {
    const contract = this.network.getContract(this.job.chaincode);
    const evaluated = text(await contract.evaluateTransaction(name, ...args));
    return { evaluated, submitted: text(await contract.submitTransaction(name, ...args)) };
  }

  // Endorses every call on one state, submits all in order, waits for all.
  async conflict(step) {
    const transactions = [];
    for (const call of step.calls) {
      transactions.push(await (await this.proposal(step, call)).endorse());
    }
    const commits = [];
    for (const transaction of transactions) {
      commits.push(await transaction.submit());
    }
    const statuses = await Promise.all(commits.map((commit) => commit.getStatus()));
    return { codes: statuses.map(({ code, successful }) => [code, successful]) };
  }

  async listen(step) {
    const checkpoint = await this.listeners.checkpoint(step.checkpoint);
    const request = this.listeners.request(step, checkpoint);
    await this.listeners.open(step, await this.signed(step, step.kind, request), checkpoint);
    return {};
  }

  take({ name, count }) {
    return this.listeners.take(name, count);
  }

  async close({ name }) {
    this.listeners.close(name);
    return {};
  }
}

main(async (gateway, job) => {
  const session = new Session(gateway, job);
  try {
    for (const step of job.steps) {
      say(await session[step.do](step).catch(told));
    }
  } finally {
    session.listeners.closeAll();
  }
});
