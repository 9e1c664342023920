# frozen_string_literal: true

# A worker for a batch of zmqpipeline, in Ruby, written by docs/protocol.md alone. It needs libzmq and the gems ffi-rzmq and msgpack
# (on Debian: apt install ruby-ffi-rzmq ruby-msgpack).   ruby worker.rb TASK_TYPE WORK_ENDPOINT RESULTS_ENDPOINT [KEYS.json]
require "ffi-rzmq"
require "json"
require "msgpack"
require "securerandom"

# Messages and their bytes: "Frames" and "Messages" of the page, as far as a worker needs them.
module Wire
  class Bad < StandardError; end

  REF = { refs: [], items: [] }.freeze
  TYPES = {
    refuse: [0, :text], hello: [1, :u8, :text, :text, :text, :refs],
    welcome: [2, :u8, :text, :integer, :text, :text, :payload],
    ready: [4, :integer], grant: [5, :flag, :seqs, :refs, :items], recall: [6, :integer], revoke: [7, :refs],
    returned: [8, :flag, :refs], fail: [9, :integer, :integer, :flag, :error], result: [10, :text, :text, :text, :integer, :items],
    end: [14, :u8, :text], ping: [15], pong: [16], bye: [17], resend: [20]
  }.freeze
  NAMES = TYPES.to_h { |name, (code)| [code, name] }.freeze

  # Returns frames: the fields, and the payloads in pieces.
  class Writer
    PIECE = 65_536

    def initialize = (@out = "ZQP\x08".b; @payloads = "".b)

    def message(type, run, values)
      code, *kinds = TYPES.fetch(type)
      u8(code).then { text(run) }
      kinds.zip(values) { |kind, value| send(kind, value) }
      [@out, *(0...@payloads.bytesize).step(PIECE).map { |at| @payloads.byteslice(at, PIECE) }]
    end

    def u8(value) = @out << value
    def flag(value) = u8(value ? 1 : 0)
    def integer(value) = value < 128 ? u8(value) : (u8(value & 127 | 128); integer(value >> 7))
    def text(value) = (integer(value.bytesize); @out << value.b)
    def payload(value) = (integer(value.bytesize); @payloads << value)
    def error(texts) = (texts.each { |value| text(value) }; integer(0)) # no detail
    def refs(list) = entries(list) { |_, attempt| integer(attempt) }
    def items(list) = entries(list) { |_, attempt, bytes| integer(attempt).then { payload(bytes) } }

    def entries(list)
      integer(list.size)
      list.inject(0) { |last, entry| zigzag(entry[0] - last).then { yield entry }.then { entry[0] } }
    end

    def zigzag(step) = integer(step.negative? ? -2 * step - 1 : 2 * step)
  end

  class Reader
    def initialize(frames) = (@bytes = frames.join; @at = 0)

    def message
      raise Bad, "another protocol" unless take(4) == "ZQP\x08".b
      type = NAMES[u8] or raise Bad, "a message that is not for workers"
      run = text
      values = TYPES[type].drop(1).map { |kind| send(kind) }
      values.each { |value| value.each { |entry| entry[2] &&= body(entry[2]) } if value.is_a?(Array) && value[0].is_a?(Array) }
      values[-1] = body(values[-1]) if TYPES[type].last == :payload
      raise Bad, "bytes are left over" unless @at == @bytes.bytesize
      [type, run, *values]
    end

    def take(size) = (bytes = @bytes.byteslice(@at, size); @at += size; bytes&.bytesize == size ? bytes : raise(Bad, "cut off"))
    def u8 = take(1).ord
    def flag = u8 == 1
    def integer(left = 7) = (byte = u8) < 128 ? byte : left.positive? ? (byte & 127) + (integer(left - 1) << 7) : raise(Bad, "too large")
    def text = take(integer).force_encoding("UTF-8").scrub
    def zigzag = (code = integer).odd? ? -(code + 1) / 2 : code / 2
    def list = Array.new(integer.tap { |count| raise Bad, "cut off" if count > @bytes.bytesize - @at }) { yield }
    def seqs = (seq = 0; list { seq += zigzag })
    def refs = (seq = 0; list { [seq += zigzag, integer] })
    def items = (seq = 0; list { [seq += zigzag, integer, integer] })
    alias payload integer

    def body(size) = take(size)
  end
end

# A DEALER that knows when its connection begins.
class Link
  CONTEXT = ZMQ::Context.new
  OPTIONS = { 75 => 400, 77 => 4000, 66 => 5000, ZMQ::RECONNECT_IVL => 50, ZMQ::RECONNECT_IVL_MAX => 250, ZMQ::IMMEDIATE => 1,
              ZMQ::SNDHWM => 2000, ZMQ::RCVHWM => 2000, ZMQ::LINGER => 200 }.freeze # 75, 77: heartbeats; 66: handshake
  HANDSHAKE_SUCCEEDED = 0x1000
  attr_reader :socket, :events

  def initialize(endpoint, keys, role)
    @socket = CONTEXT.socket(ZMQ::DEALER)
    OPTIONS.each { |option, value| set(option, [value].pack("i")) }
    set(ZMQ::MAXMSGSIZE, [4_194_304].pack("q"))
    if keys && endpoint.start_with?("tcp:")
      { ZMQ::CURVE_SERVERKEY => keys["servers"][role], ZMQ::CURVE_PUBLICKEY => keys["publicKey"], ZMQ::CURVE_SECRETKEY => keys["secretKey"] }
        .each { |option, key| set(option, "#{key}\0") }
    end
    LibZMQ.zmq_socket_monitor(@socket.socket, "inproc://#{object_id}", HANDSHAKE_SUCCEEDED)
    @events = CONTEXT.socket(ZMQ::PAIR).tap { |pair| pair.connect("inproc://#{object_id}") }
    raise "cannot connect to #{endpoint}" unless @socket.connect(endpoint).zero?
  end

  def set(option, bytes)
    memory = FFI::MemoryPointer.new(bytes.bytesize).put_bytes(0, bytes)
    raise ZMQ::Util.error_string unless LibZMQ.zmq_setsockopt(@socket.socket, option, memory, bytes.bytesize).zero?
  end

  def send(*message) = @socket.send_strings(Wire::Writer.new.message(*message), ZMQ::DONTWAIT) >= 0
  def receive(from = @socket) = (frames = []; from.recv_strings(frames, ZMQ::DONTWAIT) >= 0 ? frames : nil)
  def connected? = receive(@events).tap { nil while receive(@events) } ? true : false
  # In this order: libzmq waits for ever to tell a monitor whose other end is closed.
  def close = (LibZMQ.zmq_socket_monitor(@socket.socket, nil, 0); [@events, @socket].each(&:close))
end

# "A worker's life" of the page. The block executes items in threads, `concurrency` at a time; the main thread talks.
class Worker
  Item = Struct.new(:seq, :attempt, :payload, :solo, :begun)
  Outcome = Struct.new(:seq, :attempt, :result, :failure, :busy, :due, :wait)
  PEER_TIMEOUT = 60

  def initialize(type:, endpoint:, collector:, keys: nil, concurrency: 1, &handler)
    @type, @endpoint, @collector_endpoint, @keys, @concurrency, @handler = type, endpoint, collector, keys, concurrency, handler
    @id = "ruby-#{Process.pid}-#{SecureRandom.hex(8)}"
    @run, @queue, @running, @outcomes, @fresh = "", [], {}, {}, []
    @lock = Monitor.new
    @work = @lock.new_cond
    @wake, @waker = IO.pipe
  end

  # Returns when the run has ended or `stop` was called.
  def run
    @distributor = Link.new(@endpoint, @keys, "distributor")
    @heard = now
    until @over
      poll
      @lock.synchronize { listen.then { tick } }
    end
    [@distributor, @collector].compact.each(&:close)
    Link::CONTEXT.terminate
  end

  # Gives back what has not begun, finishes the rest, and leaves. May be called in a signal handler.
  def stop = (@stopping = true; @waker.write_nonblock("."))

  private

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  def tell(type, *values) = @distributor.send(type, @run, values)

  def poll
    poller = ZMQ::Poller.new
    [@distributor, @collector].compact.each { |link| [link.socket, link.events].each { |socket| poller.register_readable(socket) } }
    poller.register_readable(@wake)
    poller.poll(50)
    @wake.read_nonblock(4096, exception: false)
  end

  def listen
    @hello_at = 0 if @distributor.connected?
    @collector_hello_at = 0 if @collector&.connected?
    hear(:distributor, @distributor) { |type, run, values| from_distributor(type, run, values) }
    return unless @collector
    hear(:collector, @collector) { |type, run, _| collected if type == :welcome && run == @run }
  end

  def hear(role, link)
    while (frames = link.receive)
      begin
        type, run, *values = Wire::Reader.new(frames).message
      rescue Wire::Bad
        next # "one that cannot be decoded is dropped"
      end
      raise "the #{role} refuses this worker: #{values[0]}" if type == :refuse
      yield type, run, values
    end
  end

  def from_distributor(type, run, values)
    @heard = now
    return welcome(run, values[2] / 1000.0, values[3], values[5]) if type == :welcome
    return (tell(:bye); @over = true) if type == :end && (run == @run || @run.empty?)
    return unless run == @run
    case type
    when :grant then grant(*values)
    when :recall then tell(:returned, false, refs(@queue.pop(values[0])))
    when :revoke then @queue.reject! { |item| values[0].include?([item.seq, item.attempt]) }
    when :ping then tell(:pong)
    when :resend then resend
    end
  end

  def welcome(run, timeout, ticket, metadata)
    @hello_at = nil
    @ticket = ticket
    begin_run(run, timeout, metadata) if run != @run
    tell(:ready, @concurrency) unless @leaving
  end

  def begin_run(run, timeout, metadata)
    [*@threads].each(&:kill)
    [@queue, @running, @outcomes, @fresh].each(&:clear)
    @run, @timeout, @metadata = run, timeout, unpack(metadata)
    @collector&.close
    @collector, @collector_open, @collector_hello_at = Link.new(@collector_endpoint, @keys, "collector"), false, nil
    @threads = Array.new(@concurrency) { Thread.new { execute_all } }
  end

  def grant(solo, settled, failures_seen, items)
    settled.each { |seq| @outcomes.delete(seq) }
    @queue.reject! { |item| settled.include?(item.seq) } unless settled.empty?
    failures_seen.each { |seq, attempt| @outcomes.delete(seq) if (o = @outcomes[seq]) && o.failure && o.attempt == attempt }
    items.each { |seq, attempt, payload| @outcomes.delete(seq).then { @queue << Item.new(seq, attempt, payload, solo) } }
    @work.broadcast
  end

  def execute_all
    loop do
      item = @lock.synchronize do
        @work.wait_while { @queue.empty? }
        @running[Thread.current] = @queue.shift.tap { |first| first.begun = now }
      end
      result, error = execute(item)
      @lock.synchronize do
        return unless @running.delete(Thread.current) # another run
        next done(item, result) unless error
        failed(item, error.class.name, error.message, [*error.backtrace].join("\n"), "", !error.is_a?(TypeError))
      end
    end
  end

  def execute(item)
    result = @handler.call(unpack(item.payload), { id: "#{@run}/#{@type}/#{item.seq % 2**40}", attempt: item.attempt, metadata: @metadata })
    bytes = result == {} ? "" : MessagePack.pack(result)
    raise TypeError, "a result of #{bytes.bytesize} bytes is too large" if bytes.bytesize > 33_554_432
    [bytes, nil]
  rescue StandardError => e
    [nil, e]
  end

  def unpack(bytes) = bytes.empty? ? {} : MessagePack.unpack(bytes, allow_unknown_ext: true)
  def refs(list) = list.map { |each| [each.seq, each.attempt] }

  def done(item, result)
    @fresh_until = now + 0.1 if @fresh.empty?
    @fresh_until = 0 if item.solo
    @fresh << (@outcomes[item.seq] = Outcome.new(item.seq, item.attempt, result, nil, now - item.begun))
    @waker.write_nonblock(".", exception: false) if fresh_due?
  end

  def failed(item, name, message, stack, code, retryable)
    error = [name, message[0, 4096], stack[0, 8192], code].map { |text| text.encode("UTF-8", invalid: :replace, undef: :replace) }
    @outcomes[item.seq] = Outcome.new(item.seq, item.attempt, nil, [retryable, error], 0, 0, 2)
    @waker.write_nonblock(".", exception: false)
  end

  def fresh_due?
    @fresh.size >= [512, @queue.size + @running.size].min || now >= @fresh_until || (@queue.empty? && @running.size < @concurrency)
  end

  def collected = (@collector_hello_at = nil; @collector_open = true; resend)
  def resend = @outcomes.each_value { |outcome| outcome.due &&= 0 if outcome.result }

  def tick
    say_hello
    @running.select { |_, item| @timeout.positive? && now - item.begun >= @timeout }.each { |thread, item| time_out(thread, item) }
    if @collector_open && !@fresh.empty? && fresh_due?
      send_results(@fresh.select { |outcome| @outcomes[outcome.seq].equal?(outcome) }, busy: true)
      @fresh.clear
    end
    due = @outcomes.each_value.select { |outcome| outcome.due && outcome.due <= now }
    due.select(&:failure).each { |outcome| later(outcome).then { tell(:fail, outcome.seq, outcome.attempt, *outcome.failure) } }
    send_results(due.select(&:result), busy: false) if @collector_open
    raise "no distributor for #{PEER_TIMEOUT} s" if now - @heard > PEER_TIMEOUT
    leave if @stopping
  end

  def say_hello
    if @hello_at && now >= @hello_at
      @hello_at = now + 1
      tell(:hello, 1, @id, @type, @ticket.to_s, refs(@queue + @running.values + @outcomes.values))
    end
    return unless @collector_hello_at && now >= @collector_hello_at
    @collector_hello_at = now + 1
    @collector.send(:hello, @run, [1, @id, @type, "", []])
  end

  def time_out(thread, item)
    thread.kill
    @running.delete(thread)
    @threads.delete(thread)
    @threads << Thread.new { execute_all }
    failed(item, "Timeout", "the handler took longer than #{@timeout} s", "", "EXECUTION_TIMEOUT", true)
  end

  def later(outcome)
    outcome.wait ||= 2
    outcome.due = now + outcome.wait
    outcome.wait = [outcome.wait * 2, 30].min
  end

  def send_results(outcomes, busy:)
    until outcomes.empty?
      bytes = 0
      part = outcomes.take(512).take_while { |outcome| (bytes < 262_144).tap { bytes += outcome.result.bytesize } }
      outcomes = outcomes.drop(part.size)
      part.each { |outcome| later(outcome) }
      micros = busy ? (part.sum(&:busy) * 1e6).ceil : 0
      items = part.map { |outcome| [outcome.seq, outcome.attempt, outcome.result] }
      @collector.send(:result, @run, [@type, @id, @ticket, micros, items])
    end
  end

  def leave
    unless @leaving
      @leaving = true
      tell(:returned, true, refs(@queue))
      @queue.clear
    end
    (tell(:bye); @over = true) if @outcomes.empty? && @running.empty?
  end
end

if $PROGRAM_NAME == __FILE__
  type, endpoint, collector, keys = ARGV
  worker = Worker.new(type: type, endpoint: endpoint, collector: collector, keys: keys && JSON.parse(File.read(keys))) do |data, info|
    { "n" => data["n"], "square" => data["n"]**2, "attempt" => info[:attempt] }
  end
  trap("TERM") { worker.stop }
  worker.run
end
