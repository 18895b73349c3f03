import { defineCases } from './define.ts';

defineCases('delegation');
