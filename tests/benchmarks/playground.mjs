// Trains TensorFlow Playground's network as its own page does: node playground.mjs <nn.mjs> <points.json>
//
// Each line of input, "h batch epochs eta", is answered by the microseconds of processor time an epoch took.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const nn = await import(process.argv[2]);
const points = JSON.parse(readFileSync(process.argv[3]));

function train(network, batch, epochs, eta) {
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let i = 0; i < points.length; i++) {
      const [x1, x2, y] = points[i];
      nn.forwardProp(network, [x1, x2]);
      nn.backProp(network, y, nn.Errors.SQUARE);
      if ((i + 1) % batch === 0 || i + 1 === points.length) nn.updateWeights(network, eta, 0);
    }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const [h, batch, epochs, eta] = line.split(" ").map(Number);
  const network = nn.buildNetwork([2, h, 1], nn.Activations.TANH, nn.Activations.SIGMOID, null, ["x1", "x2"]);
  train(network, batch, 20, eta); // until it is compiled
  const before = process.cpuUsage();
  train(network, batch, epochs, eta);
  const took = process.cpuUsage(before);
  console.log((took.user + took.system) / epochs);
}
