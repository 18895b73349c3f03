import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import '../../support/seed.ts';
import { MAX_XML_DEPTH, MAX_XML_ELEMENTS, parseXml, type XmlElement } from '../../../src/ipam/xml.ts';

/** An element as a list: name, attributes, children. */
type Shape = [string, Record<string, string>, ...Shape[]];

function shapeOf({ name, attributes, children }: XmlElement): Shape {
  return [name, Object.fromEntries(attributes), ...children.map(shapeOf)];
}

function parse(text: string): Shape | string {
  const root = parseXml(text);
  return root.ok ? shapeOf(root.value) : root.error;
}

test('parseXml() reads elements, attributes, comments and the declaration', () => {
  const text = `\ufeff<?xml version="1.0" encoding="utf-8"?>
    <!-- one --><a x="1" y='2'>
      <b/><!----><b z = "3" />
      <c\n\tn.a-m:e_1="" ></c >
    </a>
    <!-- - two -->
  `;
  assert.deepEqual(parse(text), [
    'a',
    { x: '1', y: '2' },
    ['b', {}],
    ['b', { z: '3' }],
    ['c', { 'n.a-m:e_1': '' }],
  ]);
});

test('parseXml() decodes the entities of XML itself and character references', () => {
  const text = '<a x="&lt;&gt;&amp;&quot;&apos;&#65;&#x42;&#x1F600;&amp;lt;"/>';
  assert.deepEqual(parse(text), ['a', { x: `<>&"'AB\u{1f600}&lt;` }]);
});

test('parseXml() keeps the other quotes and > within a value', () => {
  assert.deepEqual(parse(`<a x='"' y="'>"/>`), ['a', { x: '"', y: "'>" }]);
});

test('parseXml() refuses what is not well-formed or not needed', () => {
  const cases = [
    '',
    '  ',
    'text',
    '<<<',
    '<a',
    '<a>',
    '<a></b>',
    '<a></a></a>',
    '</a>',
    '<a/><b/>',
    '<a/>text',
    '<a>text</a>',
    '<a x=1/>',
    '<a x/>',
    '<a x="1/>',
    '<a x="1"y="2"/>',
    '<a x="1" x="2"/>',
    '<a x="<"/>',
    '<a x="&"/>',
    '<a x="&lt"/>',
    '<a x="&nbsp;"/>',
    '<a x="&constructor;"/>',
    '<a x="&#0;"/>',
    '<a x="&#xD800;"/>',
    '<a x="&#x110000;"/>',
    '<a x="&#x;"/>',
    '<a></a x="1">',
    '<a></a/>',
    '< a/>',
    '<1/>',
    '<a>&amp;</a>',
    '<a><![CDATA[x]]></a>',
    '<!DOCTYPE a><a/>',
    '<!DOCTYPE a [<!ENTITY x "y">]><a x="&x;"/>',
    '<?xml version="1.0"?><?php x?><a/>',
    ' <?xml version="1.0"?><a/>',
    '<a><!-- -- --></a>',
    '<a><!-- </a>',
    '<a><!--></a>',
    '<a\u00a0x="1"/>',
    '<a/>\0',
  ];
  for (const text of cases) assert.equal(typeof parse(text), 'string', JSON.stringify(text));
});

test('parseXml() says where', () => {
  assert.equal(parse('<a>\n  <b></c>'), 'mismatched end tag at character 9: "</c>"');
  assert.equal(parse('<a><b>'), 'ends within <b>');
  assert.equal(parse('<<<'), 'unexpected at character 0: "<<<"');
});

test('parseXml() limits depth and number of elements', () => {
  const deep = (levels: number) => '<a>'.repeat(levels) + '</a>'.repeat(levels);
  assert.equal(typeof parse(deep(MAX_XML_DEPTH)), 'object');
  assert.match(String(parse(deep(MAX_XML_DEPTH + 1))), /more than 16 levels/);
  assert.match(String(parse(`<a>${'<b/>'.repeat(MAX_XML_ELEMENTS)}</a>`)), /more than 10000 elements/);
});

test('parseXml() takes long comments, white space and values in its stride', () => {
  const long = '- '.repeat(500_000);
  assert.deepEqual(
    parse(`<!--${long}--><a x="${' '.repeat(1_000_000)}"${' '.repeat(1_000_000)}/>`).length,
    2,
  );
});

test('parseXml() reads back what was written', () => {
  fc.assert(fc.property(shapes(4), (shape) => assert.deepEqual(parse(write(shape)), shape)));
});

function shapes(levels: number): fc.Arbitrary<Shape> {
  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.:-]{0,5}$/);
  const value = fc.string({ unit: 'grapheme', maxLength: 6 }).filter((text) => !text.includes('\0'));
  const attributes = fc.dictionary(name, value, { maxKeys: 3, noNullPrototype: true });
  const children = fc.array(levels > 1 ? shapes(levels - 1) : fc.constant<Shape>(['leaf', {}]), {
    maxLength: 3,
  });
  return fc.tuple(name, attributes, children).map(([tag, list, inner]): Shape => [tag, list, ...inner]);
}

function write([tag, attributes, ...children]: Shape): string {
  const list = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${value.replace(/[&<"]/g, encode)}"`,
  );
  return `<${tag}${list.join('')}>${children.map(write).join('\n')}</${tag}>`;
}

function encode(character: string): string {
  return `&#${character.charCodeAt(0)};`;
}
