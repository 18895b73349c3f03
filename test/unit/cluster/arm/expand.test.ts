/** The stand-in for Resource Manager: expressions and loops, by what its documentation says of them. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { type ArmTemplate, expand } from '../../../support/arm/expand.ts';
import { evaluate, idOf, type Scope } from '../../../support/arm/expression.ts';

const SCOPE: Scope = {
  parameters: { name: 'web', list: ['a', 'b'] },
  variables: (name) => ({ nested: { inner: [{ value: 7 }] } })[name],
  loops: new Map([['outer', 2]]),
};

test('evaluate() takes what is in brackets for an expression, and everything else as it is', () => {
  const cases: [string, unknown][] = [
    ['plain', 'plain'],
    ['[[not an expression]', '[not an expression]'],
    ["[concat('it''s ', parameters('name'), 1)]", "it's web1"],
    ["[variables('nested').inner[0].value]", 7],
    ["[parameters('list')[sub]]", Error],
    ["[copyIndex('outer', 1)]", 3],
    ["[equals(copyIndex('outer'), 2)]", true],
    ["[if(equals(1, 2), 'yes', 'no')]", 'no'],
    ["[createArray(createObject('id', 'x'))]", [{ id: 'x' }]],
    ["[base64(replace('a@b', '@', '$&'))]", Buffer.from('a$&b').toString('base64')],
    ["[length(parameters('list'))]", 2],
    [
      "[resourceId('Microsoft.Network/loadBalancers/probes', 'lb', 'p')]",
      idOf('Microsoft.Network/loadBalancers/probes', ['lb', 'p']),
    ],
  ];
  for (const [text, wanted] of cases) {
    if (wanted === Error) assert.throws(() => evaluate(text, SCOPE), text);
    else assert.deepEqual(evaluate(text, SCOPE), wanted, text);
  }
});

test('evaluate() refuses what Resource Manager would refuse', () => {
  for (const text of [
    "[concat('a']",
    "[concat('a') b]",
    "[parameters('other')]",
    "[variables('nested').other]",
    "[parameters('list')[2]]",
    "[copyIndex('inner')]",
    '[noFunction()]',
    "[resourceId('Microsoft.Network/loadBalancers/probes', 'lb')]",
    `['${'x'.repeat(24_576)}']`,
  ]) {
    assert.throws(() => evaluate(text, SCOPE), text.slice(0, 60));
  }
});

test('expand() runs the loops of resources and of properties, and waits for whole loops', () => {
  const template: ArmTemplate = {
    parameters: { count: { type: 'int', defaultValue: 2 }, secret: { type: 'secureString' } },
    variables: { none: [], names: ['n0', 'n1'], both: "[concat(parameters('secret'), '!')]" },
    resources: [
      {
        type: 'Test.A/things',
        name: "[variables('names')[copyIndex('things')]]",
        copy: { name: 'things', count: 2 },
        properties: {
          copy: [
            {
              name: 'parts',
              count: "[parameters('count')]",
              input: { name: "[concat(copyIndex('things'), '-', copyIndex('parts', 1))]" },
            },
          ],
        },
      },
      {
        type: 'Test.A/last',
        name: 'z',
        dependsOn: ['things'],
        properties: { secret: "[variables('both')]" },
      },
    ],
    outputs: { who: { type: 'string', value: "[variables('both')]" } },
  };
  const { resources, outputs } = expand(template, { secret: 's' });
  const [first, second, last] = resources;
  assert.deepEqual(first?.properties, { parts: [{ name: '0-1' }, { name: '0-2' }] });
  assert.deepEqual(second?.properties, { parts: [{ name: '1-1' }, { name: '1-2' }] });
  assert.deepEqual(last?.dependsOn, [first?.id, second?.id]);
  assert.deepEqual(last?.properties, { secret: 's!' });
  assert.deepEqual(outputs, { who: { type: 'string', value: 's!' } });
  assert.throws(() => expand(template, {}), /the parameter secret has no value/);
  assert.throws(() => expand(template, { secret: 's', other: 1 }), /has no parameters other/);
  assert.throws(() => expand(template, { secret: 's', count: 0 }), /the loop parts has 0 rounds/);
});
