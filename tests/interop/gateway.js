// SPDX-License-Identifier: Apache-2.0
// Drives a network with @hyperledger/fabric-gateway: `gateway.js JOB`, JOB = a JSON file with
// {gateway, tls_ca, msp, certificate, key, channel, chaincode, steps: [[verb, fn, ...args]]}.
// Prints one JSON line per step.
'use strict';
const fs = require('node:fs');
const crypto = require('node:crypto');
const grpc = require('@grpc/grpc-js');
const { connect, hash, signers } = require('@hyperledger/fabric-gateway');

function told(error) {
  const details = (error.details || []).map(({ mspId, message }) => ({ mspId, message }));
  return { error: error.name, code: error.code, message: error.message, details };
}

async function run(contract, [verb, name, ...args]) {
  if (verb === 'evaluate') {
    return { result: Buffer.from(await contract.evaluateTransaction(name, ...args)).toString() };
  }
  if (verb === 'submit') {
    return { result: Buffer.from(await contract.submitTransaction(name, ...args)).toString() };
  }
  if (verb === 'transient') {
    const transientData = { pin: args.pop() };
    const result = await contract.evaluate(name, { arguments: args, transientData });
    return { result: Buffer.from(result).toString() };
  }
  // "conflict": endorse the same call twice, submit both, wait for both.
  const proposals = [0, 1].map(() => contract.newProposal(name, { arguments: args }));
  const transactions = [];
  for (const proposal of proposals) {
    transactions.push(await proposal.endorse());
  }
  const statuses = [];
  for (const transaction of transactions) {
    statuses.push(await (await transaction.submit()).getStatus());
  }
  return { codes: statuses.map(({ code, successful }) => [code, successful]) };
}

async function main(job) {
  const client = new grpc.Client(job.gateway, grpc.credentials.createSsl(Buffer.from(job.tls_ca)));
  const gateway = connect({
    client,
    hash: hash.sha256,
    identity: { mspId: job.msp, credentials: Buffer.from(job.certificate) },
    signer: signers.newPrivateKeySigner(crypto.createPrivateKey(job.key)),
  });
  try {
    const contract = gateway.getNetwork(job.channel).getContract(job.chaincode);
    for (const step of job.steps) {
      console.log(JSON.stringify(await run(contract, step).catch(told)));
    }
  } finally {
    gateway.close();
    client.close();
  }
}

main(JSON.parse(fs.readFileSync(process.argv[2], 'utf8'))).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
