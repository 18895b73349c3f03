/** Returns on port 7 of the loopback what it gets (RFC 862). */
import { createServer } from 'node:net';

const server = createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
});
server.listen(7, '127.0.0.1', () => console.log('listening'));
